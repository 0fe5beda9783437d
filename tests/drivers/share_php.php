<?php
// SPDX-License-Identifier: Apache-2.0
// Many PDO connections with native prepared statements, as Laravel makes them: every request ends its
// transaction before the next connection begins one, so one link is enough for all of them.
$connections = [];
for ($n = 0; $n < 20; $n++) {
    $c = new PDO("mysql:host=127.0.0.1;port={$argv[1]};dbname=test;charset=utf8mb4", 'app', 'secret', [
        PDO::ATTR_EMULATE_PREPARES => false, PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
    $c->exec("set names 'utf8mb4' collate 'utf8mb4_unicode_ci'");
    $c->exec("set session sql_mode='STRICT_TRANS_TABLES,NO_ZERO_DATE'");
    $c->exec("set time_zone='+0" . ($n % 9) . ":00'");
    $connections[] = $c;
}
$kept = array_map(fn($c) => $c->prepare('select ?, @@time_zone'), $connections);
for ($round = 0; $round < 5; $round++) {
    foreach ($connections as $n => $c) {
        $c->beginTransaction();
        $insert = $c->prepare('insert into visits (who) values (?)');
        $insert->execute([$n]);
        $id = $c->lastInsertId();
        $c->commit();
        $kept[$n]->execute([$n]);
        [$who, $zone] = $kept[$n]->fetch(PDO::FETCH_NUM);
        if ($who != $n || $zone != '+0' . ($n % 9) . ':00' || $id < 1) {
            die("connection $n got $who, $zone, $id\n");
        }
    }
}
echo "ok\n";
