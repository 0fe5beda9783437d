// SPDX-License-Identifier: Apache-2.0
// Logins with mysql2 (npm), cell by cell (tests/support/login_cells.py): node login_mysql2.js <cells
const fs = require('fs');
const mysql = require('mysql2/promise');

function encryption(tls, ca) {
  if (tls === 'off') return {};
  if (tls === 'on') return { ssl: { rejectUnauthorized: false } };
  return { ssl: { ca: fs.readFileSync(ca), rejectUnauthorized: true } };
}

async function attempt(line) {
  const [cell, host, port, user, password, tls, ca, sql] = line.split('\t');
  try {
    const c = await mysql.createConnection({ host, port: Number(port), user, password,
                                             enableCleartextPlugin: tls !== 'off',
                                             rowsAsArray: true, ...encryption(tls, ca) });
    const [[row]] = await c.query(sql);
    await c.end();
    return [cell, row.join('|')];
  } catch (error) {
    return [cell, `error ${error.errno > 0 ? error.errno : error.code || error.message}`];
  }
}

async function main() {
  for (const line of fs.readFileSync(0, 'utf8').trimEnd().split('\n')) {
    console.log((await attempt(line)).join('\t'));
  }
}
main();
