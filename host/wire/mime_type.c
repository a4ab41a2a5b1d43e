/*
 * A text without a charset would be read as somebody guesses; all of ours are UTF-8, and of JSON
 * and XML that goes without saying. Names that stand for two things (".ts") have what a browser can
 * use. Called by call/static_file.c. SPDX-License-Identifier: MIT
 */
#include "wire/mime_type.h"

#include <stddef.h>
#include <string.h>

static const struct {
	const char *extension, *type;
} types[] = {
	{"html", "text/html; charset=utf-8"},
	{"htm", "text/html; charset=utf-8"},
	{"xhtml", "application/xhtml+xml"},
	{"css", "text/css; charset=utf-8"},
	{"js", "text/javascript; charset=utf-8"},
	{"mjs", "text/javascript; charset=utf-8"},
	{"cjs", "text/javascript; charset=utf-8"},
	{"json", "application/json"},
	{"map", "application/json"},
	{"jsonld", "application/ld+json"},
	{"geojson", "application/geo+json"},
	{"webmanifest", "application/manifest+json"},
	{"wasm", "application/wasm"},
	{"txt", "text/plain; charset=utf-8"},
	{"log", "text/plain; charset=utf-8"},
	{"md", "text/markdown; charset=utf-8"},
	{"csv", "text/csv; charset=utf-8"},
	{"ics", "text/calendar; charset=utf-8"},
	{"vtt", "text/vtt; charset=utf-8"},
	{"xml", "application/xml"},
	{"yaml", "application/yaml"},
	{"yml", "application/yaml"},
	{"atom", "application/atom+xml"},
	{"rss", "application/rss+xml"},
	{"svg", "image/svg+xml"},
	{"png", "image/png"},
	{"apng", "image/apng"},
	{"jpg", "image/jpeg"},
	{"jpeg", "image/jpeg"},
	{"gif", "image/gif"},
	{"webp", "image/webp"},
	{"avif", "image/avif"},
	{"jxl", "image/jxl"},
	{"bmp", "image/bmp"},
	{"tif", "image/tiff"},
	{"tiff", "image/tiff"},
	{"ico", "image/x-icon"},
	{"woff", "font/woff"},
	{"woff2", "font/woff2"},
	{"ttf", "font/ttf"},
	{"otf", "font/otf"},
	{"mp3", "audio/mpeg"},
	{"m4a", "audio/mp4"},
	{"aac", "audio/aac"},
	{"flac", "audio/flac"},
	{"oga", "audio/ogg"},
	{"ogg", "audio/ogg"},
	{"opus", "audio/ogg"},
	{"wav", "audio/wav"},
	{"mp4", "video/mp4"},
	{"m4v", "video/mp4"},
	{"mov", "video/quicktime"},
	{"ogv", "video/ogg"},
	{"webm", "video/webm"},
	{"m3u8", "application/vnd.apple.mpegurl"},
	{"mpd", "application/dash+xml"},
	{"ts", "video/mp2t"},
	{"glb", "model/gltf-binary"},
	{"gltf", "model/gltf+json"},
	{"pdf", "application/pdf"},
	{"epub", "application/epub+zip"},
	{"zip", "application/zip"},
	{"gz", "application/gzip"},
	{"tar", "application/x-tar"},
};

const char *mime_type_of(const char *path)
{
	const char *dot = strrchr(path, '.');

	for (size_t i = 0; dot != NULL && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcasecmp(dot + 1, types[i].extension) == 0)
			return types[i].type;
	return "application/octet-stream";
}
