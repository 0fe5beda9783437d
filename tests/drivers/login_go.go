// SPDX-License-Identifier: Apache-2.0
// Logins with Go's go-sql-driver/mysql, cell by cell (tests/support/login_cells.py): login_go <cells
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/go-sql-driver/mysql"
)

func encryption(mode string, ca string) string {
	switch mode {
	case "off":
		return "false"
	case "on":
		return "skip-verify"
	}
	pem, err := os.ReadFile(ca)
	if err != nil {
		panic(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	if err := mysql.RegisterTLSConfig("verified", &tls.Config{RootCAs: pool}); err != nil {
		panic(err)
	}
	return "verified"
}

func attempt(host, port, user, password, mode, ca, query string) string {
	config := mysql.NewConfig()
	config.Net, config.Addr = "tcp", host+":"+port
	config.User, config.Passwd = user, password
	config.AllowCleartextPasswords = mode != "off"
	config.TLSConfig = encryption(mode, ca)
	db, err := sql.Open("mysql", config.FormatDSN())
	if err != nil {
		return "error " + err.Error()
	}
	defer db.Close()
	var values [3]string
	err = db.QueryRow(query).Scan(&values[0], &values[1], &values[2])
	var refused *mysql.MySQLError
	if errors.As(err, &refused) {
		return fmt.Sprintf("error %d", refused.Number)
	}
	if err != nil {
		return "error " + err.Error()
	}
	return strings.Join(values[:], "|")
}

type silent struct{}

func (silent) Print(...interface{}) {}

func main() {
	_ = mysql.SetLogger(silent{})
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		f := strings.Split(lines.Text(), "\t")
		fmt.Printf("%s\t%s\n", f[0], attempt(f[1], f[2], f[3], f[4], f[5], f[6], f[7]))
	}
}
