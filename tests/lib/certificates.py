# SPDX-License-Identifier: MIT
"""Certificates for tests, made by the openssl command."""
import subprocess


def openssl(*words, **options):
    done = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, timeout=30, **options)
    assert done.returncode == 0, f"openssl {words}: {done.stderr}"
    return done.stdout


def key_words(kind):
    """rsa:2048, or the name of a curve."""
    return ["-newkey", kind] if ":" in kind else ["-newkey", "ec", "-pkeyopt", f"ec_paramgen_curve:{kind}"]


class Authority:
    """Signs certificates; its own is `path`."""

    def __init__(self, folder, name="Test CA"):
        self.folder = folder
        self.path, self.key = folder / f"{name}.pem", folder / f"{name}.key"
        openssl("req", "-x509", *key_words("P-256"), "-nodes", "-days", 30, "-subj", f"/CN={name}",
                "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-keyout", self.key, "-out", self.path)

    def issue(self, name, names=(), subject=None, days=20, kind="P-256", purpose="serverAuth", expired=False):
        """The paths of a certificate and its key, called after `name`."""
        pem, key, request = (self.folder / f"{name}.{end}" for end in ("pem", "key", "csr"))
        openssl("req", "-new", "-utf8", *key_words(kind), "-nodes", "-subj", subject or f"/CN={name}", "-keyout", key,
                "-out", request)
        extensions = self.folder / f"{name}.ext"
        lines = [f"extendedKeyUsage={purpose}", "basicConstraints=CA:FALSE"]
        if names:
            lines.append("subjectAltName=" + ",".join(f"{'IP' if one[0].isdigit() else 'email' if '@' in one else 'DNS'}"
                                                      f":{one}" for one in names))
        extensions.write_text("\n".join(lines) + "\n")
        if expired:
            self._issue_expired(request, extensions, pem)
        else:
            openssl("x509", "-req", "-in", request, "-CA", self.path, "-CAkey", self.key, "-CAcreateserial",
                    "-days", days, "-extfile", extensions, "-out", pem)
        return pem, key

    def _issue_expired(self, request, extensions, pem):
        # Only `openssl ca` takes dates.
        (self.folder / "index.txt").write_text("")
        config = self.folder / "ca.cnf"
        config.write_text("[ca]\ndefault_ca=own\n[own]\n"
                          f"database={self.folder}/index.txt\nnew_certs_dir={self.folder}\ndefault_md=sha256\n"
                          "rand_serial=yes\npolicy=any\nunique_subject=no\n[any]\ncommonName=supplied\n")
        openssl("ca", "-batch", "-notext", "-config", config, "-cert", self.path, "-keyfile", self.key,
                "-startdate", "20200101000000Z", "-enddate", "20200201000000Z", "-extfile", extensions,
                "-in", request, "-out", pem)


def public_key_hash(pem):
    """Base64 of the SHA-256 of the public key: what Chromium knows a certificate by."""
    text = openssl("x509", "-in", pem, "-noout", "-pubkey")
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=text.encode(), capture_output=True,
                         check=True, timeout=30).stdout
    digest = subprocess.run(["openssl", "dgst", "-sha256", "-binary"], input=der, capture_output=True, check=True,
                            timeout=30).stdout
    return subprocess.run(["openssl", "base64", "-A"], input=digest, capture_output=True, check=True,
                          timeout=30).stdout.decode()
