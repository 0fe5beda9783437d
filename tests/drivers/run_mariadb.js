// SPDX-License-Identifier: Apache-2.0
// mariadb (npm) through Weir: node run_mariadb.js PORT
const assert = require('assert');
const mariadb = require('mariadb');

async function main() {
  const settings = { host: '127.0.0.1', port: Number(process.argv[2]), user: 'app', password: 'secret',
                     database: 'test', multipleStatements: true };
  const c = await mariadb.createConnection(settings);
  await c.query('DROP TABLE IF EXISTS jsm');
  await c.query('CREATE TABLE jsm (id INT PRIMARY KEY AUTO_INCREMENT, s VARCHAR(50))');
  const batch = await c.batch('INSERT INTO jsm (s) VALUES (?)', [['ä'], ['€'], ['𝄞']]);
  // On a MySQL, which has no bulk execution, there is a result for each row.
  assert.strictEqual([].concat(batch).reduce((sum, one) => sum + one.affectedRows, 0), 3);
  const rows = await c.execute('SELECT s FROM jsm WHERE id > ? ORDER BY id', [0]);
  assert.deepStrictEqual(rows.map((r) => r.s), ['ä', '€', '𝄞']);
  // Pipelined: none waits for the one before.
  const many = await Promise.all([...Array(100).keys()].map((i) => c.query('SELECT ? AS i', [i])));
  many.forEach(([row], i) => assert.strictEqual(Number(row.i), i));
  await c.beginTransaction();
  await c.query('DELETE FROM jsm');
  await c.rollback();
  const [{ n }] = await c.query('SELECT COUNT(*) AS n FROM jsm');
  assert.strictEqual(Number(n), 3);
  await assert.rejects(c.query('SELECT * FROM nosuch'), { errno: 1146 });
  await c.ping();
  await c.reset();
  await c.end();
  const pool = mariadb.createPool({ ...settings, connectionLimit: 20 });
  const answers = await Promise.all([...Array(200).keys()].map((i) => pool.query('SELECT ? AS i', [i])));
  answers.forEach(([row], i) => assert.strictEqual(Number(row.i), i));
  await pool.end();
  console.log('ok');
}
main().catch((error) => { console.error(error); process.exit(1); });
