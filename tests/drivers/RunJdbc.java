// SPDX-License-Identifier: Apache-2.0
// MariaDB Connector/J through Weir: java -cp mariadb-java-client.jar RunJdbc.java PORT
import java.sql.*;

public class RunJdbc {
    static void check(boolean condition, String what) {
        if (!condition) throw new AssertionError(what);
    }

    public static void main(String[] arguments) throws Exception {
        for (String more : new String[] {"", "&useServerPrepStmts=true", "&rewriteBatchedStatements=true"}) {
            String url = "jdbc:mariadb://127.0.0.1:" + arguments[0]
                    + "/test?user=app&password=secret&allowMultiQueries=true" + more;
            try (Connection c = DriverManager.getConnection(url); Statement s = c.createStatement()) {
                s.execute("DROP TABLE IF EXISTS jdbc");
                s.execute("CREATE TABLE jdbc (id INT PRIMARY KEY AUTO_INCREMENT, s VARCHAR(50))");
                c.setAutoCommit(false);
                try (PreparedStatement p = c.prepareStatement("INSERT INTO jdbc (s) VALUES (?)",
                        Statement.RETURN_GENERATED_KEYS)) {
                    for (String text : new String[] {"\u00e4", "\u20ac", "x"}) {
                        p.setString(1, text);
                        p.addBatch();
                    }
                    check(p.executeBatch().length == 3, "batch");
                }
                c.commit();
                try (PreparedStatement p = c.prepareStatement("SELECT s FROM jdbc WHERE id > ? ORDER BY id")) {
                    for (int round = 0; round < 3; round++) {
                        p.setInt(1, round);
                        try (ResultSet r = p.executeQuery()) {
                            check(r.next(), "row");
                            check(r.getString(1).equals(new String[] {"\u00e4", "\u20ac", "x"}[round]), "text");
                        }
                    }
                }
                s.executeUpdate("DELETE FROM jdbc");
                c.rollback();
                try (ResultSet r = s.executeQuery("SELECT COUNT(*) FROM jdbc")) {
                    check(r.next() && r.getInt(1) == 3, "rollback");
                }
                try {
                    s.executeQuery("SELECT * FROM nosuch");
                    check(false, "no error");
                } catch (SQLException e) {
                    check(e.getErrorCode() == 1146, "error " + e.getErrorCode());
                }
                c.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
                check(c.getTransactionIsolation() == Connection.TRANSACTION_SERIALIZABLE, "isolation");
                check(c.isValid(2), "valid");
                s.setFetchSize(2);
                try (ResultSet r = s.executeQuery("SELECT seq FROM seq_1_to_1000")) {
                    int rows = 0;
                    while (r.next()) rows++;
                    check(rows == 1000, "streamed rows");
                }
                s.setQueryTimeout(1);
                try {
                    s.executeQuery("SELECT SLEEP(5) FROM (SELECT 1 UNION SELECT 2) x");
                    check(false, "no timeout");
                } catch (SQLException e) {
                    check(e.getErrorCode() == 1317 || e.getErrorCode() == 1969, "timeout " + e.getErrorCode());
                }
                c.rollback();
            }
        }
        System.out.println("ok");
    }
}
