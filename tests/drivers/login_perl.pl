#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Logins with Perl's DBD::mysql or DBD::MariaDB, cell by cell (tests/support/login_cells.py):
# perl login_perl.pl mysql|MariaDB <cells
use strict;
use warnings;
use DBI;

my $driver = $ARGV[0];
my $prefix = lc $driver;
while (my $line = <STDIN>) {
    chomp $line;
    my ($cell, $host, $port, $user, $password, $tls, $ca, $sql) = split /\t/, $line, -1;
    my $source = "DBI:$driver:host=$host;port=$port";
    $source .= ";${prefix}_ssl=1" if $tls ne 'off';
    # Without it DBD::mysql gives up when its library, as Debian's, cannot promise TLS before it connects.
    $source .= ";${prefix}_ssl_optional=1" if $tls eq 'on' || ($tls ne 'off' && $driver eq 'mysql');
    $source .= ";${prefix}_ssl_ca_file=$ca;${prefix}_ssl_verify_server_cert=1" if $tls eq 'verified';
    utf8::decode($password) if $driver eq 'MariaDB';
    my $c = DBI->connect($source, $user, $password, {PrintError => 0, RaiseError => 0});
    my @row = $c ? $c->selectrow_array($sql) : ();
    print "$cell\t", @row ? join('|', @row) : "error $DBI::err", "\n";
    $c->disconnect if $c;
}
