// SPDX-License-Identifier: Apache-2.0
// Logins with MariaDB Connector/J, cell by cell (tests/support/login_cells.py):
// java -cp mariadb-java-client.jar LoginJdbc.java <cells
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.sql.*;
import java.util.Properties;
import java.util.logging.LogManager;

public class LoginJdbc {
    static String attempt(String[] f) {
        Properties p = new Properties();
        p.setProperty("user", f[3]);
        p.setProperty("password", f[4]);
        p.setProperty("useSsl", String.valueOf(!f[5].equals("off")));
        p.setProperty("trustServerCertificate", String.valueOf(f[5].equals("on")));
        p.setProperty("allowPublicKeyRetrieval", "true");
        if (f[5].equals("verified")) p.setProperty("serverSslCert", f[6]);
        try (Connection c = DriverManager.getConnection("jdbc:mariadb://" + f[1] + ":" + f[2] + "/", p);
                Statement s = c.createStatement();
                ResultSet r = s.executeQuery(f[7])) {
            r.next();
            return r.getString(1) + "|" + r.getString(2) + "|" + r.getString(3);
        } catch (SQLException e) {
            return "error " + (e.getErrorCode() > 0 ? "" + e.getErrorCode() : "" + e.getSQLState());
        }
    }

    public static void main(String[] arguments) throws Exception {
        LogManager.getLogManager().reset();
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = lines.readLine()) != null;) {
            String[] f = line.split("\t", -1);
            System.out.println(f[0] + "\t" + attempt(f));
        }
    }
}
