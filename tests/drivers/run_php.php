<?php
// SPDX-License-Identifier: Apache-2.0
// PHP's mysqli and PDO through Weir: php run_php.php PORT
mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
function check($condition, $what) { if (!$condition) { fwrite(STDERR, "$what\n"); exit(1); } }
$port = (int)$argv[1];

$c = new mysqli('127.0.0.1', 'app', 'secret', 'test', $port);
$c->set_charset('utf8mb4');
$c->query('DROP TABLE IF EXISTS php1');
$c->query('CREATE TABLE php1 (id INT PRIMARY KEY AUTO_INCREMENT, s VARCHAR(50))');
$p = $c->prepare('INSERT INTO php1 (s) VALUES (?)');
foreach (['ä', '€', '𝄞'] as $s) { $p->bind_param('s', $s); $p->execute(); }
check($c->insert_id === 3, 'insert_id');
$rows = $c->query('SELECT s FROM php1 ORDER BY id')->fetch_all();
check($rows === [['ä'], ['€'], ['𝄞']], 'rows');
$c->multi_query('SELECT 1; SELECT 2; UPDATE php1 SET s=s');
$n = 0;
do { if ($r = $c->store_result()) { $n += (int)$r->fetch_row()[0]; } } while ($c->more_results() && $c->next_result());
check($n === 3, 'multi');
$c->begin_transaction();
$c->query('DELETE FROM php1');
$c->rollback();
check($c->query('SELECT COUNT(*) FROM php1')->fetch_row()[0] === '3', 'rollback');
try { $c->query('SELECT * FROM nosuch'); check(false, 'no error'); }
catch (mysqli_sql_exception $e) { check($e->getCode() === 1146, 'error ' . $e->getCode()); }
$r = $c->query('SELECT seq FROM seq_1_to_2000', MYSQLI_USE_RESULT);
for ($n = 0; $r->fetch_row(); $n++);
check($n === 2000, 'unbuffered');
$r->free();
check($c->change_user('app', 'secret', 'mysql'), 'change_user');
check($c->query('SELECT DATABASE()')->fetch_row()[0] === 'mysql', 'schema');
$c->close();

foreach ([true, false] as $emulate) {
    $d = new PDO("mysql:host=127.0.0.1;port=$port;dbname=test;charset=utf8mb4", 'app', 'secret',
        [PDO::ATTR_EMULATE_PREPARES => $emulate, PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
    $p = $d->prepare('SELECT s FROM php1 WHERE id > ? ORDER BY id');
    foreach ([0, 1, 2] as $id) { $p->execute([$id]); check(count($p->fetchAll()) === 3 - $id, 'pdo rows'); }
    $d->beginTransaction();
    $d->exec("INSERT INTO php1 (s) VALUES ('y')");
    check((int)$d->lastInsertId() > 3, 'lastInsertId');
    $d->rollBack();
}
echo "ok\n";
