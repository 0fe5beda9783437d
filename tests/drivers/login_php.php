<?php
// SPDX-License-Identifier: Apache-2.0
// Logins with PHP's mysqli or PDO, cell by cell (tests/support/login_cells.py): php login_php.php
// mysqli|pdo <cells
mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);

function with_mysqli($host, $port, $user, $password, $tls, $ca, $sql) {
    $c = mysqli_init();
    $flags = 0;
    if ($tls !== 'off') {
        $c->ssl_set(null, null, $tls === 'verified' ? $ca : null, null,
                    'DEFAULT');
        $flags = $tls === 'verified' ? MYSQLI_CLIENT_SSL : MYSQLI_CLIENT_SSL_DONT_VERIFY_SERVER_CERT;
    }
    @$c->real_connect($host, $user, $password, null, (int)$port, null, $flags);
    return $c->query($sql)->fetch_row();
}

function with_pdo($host, $port, $user, $password, $tls, $ca, $sql) {
    $options = [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION];
    if ($tls === 'on') {
        $options += [PDO::MYSQL_ATTR_SSL_CA => '', PDO::MYSQL_ATTR_SSL_CIPHER => 'DEFAULT',
                     PDO::MYSQL_ATTR_SSL_VERIFY_SERVER_CERT => false];
    } elseif ($tls === 'verified') {
        $options += [PDO::MYSQL_ATTR_SSL_CA => $ca];
    }
    $c = @new PDO("mysql:host=$host;port=$port", $user, $password, $options);
    return $c->query($sql)->fetch(PDO::FETCH_NUM);
}

$with = "with_{$argv[1]}";
while (($line = fgets(STDIN)) !== false) {
    [$cell, $host, $port, $user, $password, $tls, $ca, $sql] = explode("\t", rtrim($line, "\n"));
    try {
        $said = implode('|', $with($host, $port, $user, $password, $tls, $ca, $sql));
    } catch (mysqli_sql_exception | PDOException $e) {
        $said = 'error ' . $e->getCode();
    }
    echo "$cell\t$said\n";
}
