// SPDX-License-Identifier: Apache-2.0
// Logins with mariadb (npm), cell by cell (tests/support/login_cells.py): node login_mariadb.js <cells
const fs = require('fs');
const mariadb = require('mariadb');

function encryption(tls, ca) {
  if (tls === 'off') return {};
  if (tls === 'on') return { ssl: { rejectUnauthorized: false } };
  return { ssl: { ca: fs.readFileSync(ca), rejectUnauthorized: true } };
}

async function attempt(line) {
  const [cell, host, port, user, password, tls, ca, sql] = line.split('\t');
  try {
    const c = await mariadb.createConnection({ host, port: Number(port), user, password, rowsAsArray: true,
                                               allowPublicKeyRetrieval: true, connectTimeout: 20000,
                                               ...encryption(tls, ca) });
    const [row] = await c.query(sql);
    await c.end();
    return [cell, row.join('|')];
  } catch (error) {
    return [cell, `error ${error.errno > 0 && error.errno < 45000 ? error.errno : error.code || error.message}`];
  }
}

async function main() {
  for (const line of fs.readFileSync(0, 'utf8').trimEnd().split('\n')) {
    console.log((await attempt(line)).join('\t'));
  }
}
main();
