/*
 * Peer of the benchmark: an asynchronous echo on Boost.Beast, one thread, one io_context without
 * locks. No TLS, no compression, messages are not cut into frames. SPDX-License-Identifier: MIT
 */
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <cstdlib>
#include <memory>

namespace beast = boost::beast;
using boost::asio::ip::tcp;
using boost::beast::error_code;

class session : public std::enable_shared_from_this<session>
{
	beast::websocket::stream<tcp::socket> stream_;
	beast::flat_buffer buf_;

	void receive()
	{
		stream_.async_read(buf_, [self = shared_from_this()](error_code why, std::size_t) {
			if (!why)
				self->send();
		});
	}

	void send()
	{
		stream_.text(stream_.got_text());
		stream_.async_write(
			buf_.data(), [self = shared_from_this()](error_code why, std::size_t len) {
				self->buf_.consume(len);
				if (!why)
					self->receive();
			});
	}

      public:
	explicit session(tcp::socket socket) : stream_(std::move(socket))
	{
	}

	void run()
	{
		stream_.next_layer().set_option(tcp::no_delay(true));
		stream_.auto_fragment(false);
		stream_.async_accept([self = shared_from_this()](error_code why) {
			if (!why)
				self->receive();
		});
	}
};

static void accept(tcp::acceptor &acceptor)
{
	acceptor.async_accept([&acceptor](error_code why, tcp::socket socket) {
		if (!why)
			std::make_shared<session>(std::move(socket))->run();
		accept(acceptor);
	});
}

int main(int argc, char **argv)
{
	boost::asio::io_context io(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE);
	auto port = static_cast<unsigned short>(argc > 1 ? std::atoi(argv[1]) : 0);
	tcp::acceptor acceptor(io, {boost::asio::ip::address_v4::loopback(), port});

	accept(acceptor);
	io.run();
}
