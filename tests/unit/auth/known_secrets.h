/* SPDX-License-Identifier: Apache-2.0
 * What servers store for the password "secret": MariaDB 10.11, MySQL 9.7; parsec by the standard
 * library of Python. */
#ifndef WEIR_TESTS_KNOWN_SECRETS_H
#define WEIR_TESTS_KNOWN_SECRETS_H

#define NATIVE_OF_SECRET  "*14E65567ABDB5135D0CFD9A70B3032C179A49EE7"
#define ED25519_OF_SECRET "ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY"
/* With every kind of byte in their salts. */
#define SHA2_OF_SECRET                                                                             \
    "0x244124303041244239196120635C140D0D0B30074F0C131858165A73624365696C513941434A537A6542556630" \
    "76513159666C5463744665615635426A4946592E6F756B5344"
#define SHA256_OF_SECRET                                                                           \
    "0x2435244914197F164677291A0E7D57607B7B25487F43022443456C74506D364348724B334B5A353039464F6457" \
    "49662F4B57484C4A6952784144646F6B364D61696731"
#define PARSEC_OF_SECRET "P0:AAECAwQFBgcICQoLDA0ODxAR:vN8aAH3uMZDpgxY74WIyK93BSUh/uCItkwxrumXoIVk"
#define SLOW_PARSEC_OF_SECRET                                                                      \
    "P3:AAECAwQFBgcICQoLDA0ODxAR:2vxvltuIvk63OjGtpl2rp7DyN/rFOH2rEoIMWug/q6s"

#endif
