# SPDX-License-Identifier: Apache-2.0
"""Certificates for tests: an authority and what it signs, made with openssl on the spot."""

import os
import ssl
import subprocess


def _openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


class Authority:
    def __init__(self, directory, name="authority"):
        self.name = name
        self.directory = os.path.join(directory, name)
        os.makedirs(self.directory)
        self.certificate = os.path.join(self.directory, "ca.pem")
        self.key = os.path.join(self.directory, "ca.key")
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                 "30", "-subj", f"/CN={name}", "-keyout", self.key, "-out", self.certificate)

    def sign(self, name, subject="localhost", names="DNS:localhost,IP:127.0.0.1", days=29):
        """(certificate, key) for these names. With negative days it has expired."""
        base = os.path.join(self.directory, name)
        with open(base + ".ext", "w", encoding="ascii") as extensions:
            extensions.write(f"subjectAltName={names}\n")
        _openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={subject}", "-keyout", base + ".key",
                 "-out", base + ".csr")
        _openssl("x509", "-req", "-in", base + ".csr", "-CA", self.certificate, "-CAkey", self.key,
                 "-CAcreateserial", "-days", str(days), "-extfile", base + ".ext", "-out", base + ".pem")
        return base + ".pem", base + ".key"

    def revoke(self, *certificates):
        """The file of a list that has these certificates."""
        base = os.path.join(self.directory, "list")
        config = ["[ca]", "default_ca = own", "[own]", f"database = {base}.txt", f"crlnumber = {base}.number",
                  "default_md = sha256", "default_crl_days = 30"]
        for path, text in ((base + ".cnf", "\n".join(config) + "\n"), (base + ".txt", ""),
                           (base + ".number", "01\n")):
            with open(path, "w", encoding="ascii") as out:
                out.write(text)
        own = ["ca", "-config", base + ".cnf", "-cert", self.certificate, "-keyfile", self.key]
        for certificate in certificates:
            _openssl(*own, "-revoke", certificate)
        _openssl(*own, "-gencrl", "-out", base + ".pem")
        return base + ".pem"

    def trusting(self, certificate=None, key=None):
        """An SSLContext of a client that believes nobody else, and shows a certificate if given."""
        context = ssl.create_default_context(cafile=self.certificate)
        if certificate is not None:
            context.load_cert_chain(certificate, key)
        return context
