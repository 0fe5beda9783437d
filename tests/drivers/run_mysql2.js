// SPDX-License-Identifier: Apache-2.0
// mysql2 (npm) through Weir: node run_mysql2.js PORT
const assert = require('assert');
const mysql = require('mysql2/promise');

async function main() {
  const settings = { host: '127.0.0.1', port: Number(process.argv[2]), user: 'app', password: 'secret',
                     database: 'test', multipleStatements: true };
  const c = await mysql.createConnection(settings);
  await c.query('DROP TABLE IF EXISTS js2');
  await c.query('CREATE TABLE js2 (id INT PRIMARY KEY AUTO_INCREMENT, s VARCHAR(50))');
  const [inserted] = await c.execute('INSERT INTO js2 (s) VALUES (?), (?)', ['ä', '𝄞']);
  assert.strictEqual(inserted.insertId, 1);
  const [rows] = await c.execute('SELECT s FROM js2 WHERE id > ? ORDER BY id', [0]);
  assert.deepStrictEqual(rows.map((r) => r.s), ['ä', '𝄞']);
  const [several] = await c.query('SELECT 1 AS a; SELECT 2 AS b');
  assert.strictEqual(several[1][0].b, 2);
  await c.beginTransaction();
  await c.query('DELETE FROM js2');
  await c.rollback();
  const [[{ n }]] = await c.query('SELECT COUNT(*) AS n FROM js2');
  assert.strictEqual(n, 2);
  await assert.rejects(c.query('SELECT * FROM nosuch'), { errno: 1146 });
  await c.ping();
  await c.changeUser({ database: 'mysql' });
  await c.end();
  const pool = mysql.createPool({ ...settings, connectionLimit: 30 });
  const answers = await Promise.all([...Array(200).keys()].map((i) => pool.query('SELECT ? AS i', [i])));
  answers.forEach(([[row]], i) => assert.strictEqual(row.i, i));
  await pool.end();
  console.log('ok');
}
main().catch((error) => { console.error(error); process.exit(1); });
