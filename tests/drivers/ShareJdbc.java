// SPDX-License-Identifier: Apache-2.0
// Many connections of MariaDB's JDBC driver with server-side prepared statements, as a Java pool holds
// them: one link is enough when each ends its transaction before the next begins.
import java.sql.*;

public class ShareJdbc {
    public static void main(String[] arguments) throws Exception {
        String url = "jdbc:mariadb://127.0.0.1:" + arguments[0] + "/test?useServerPrepStmts=true";
        Connection[] all = new Connection[20];
        PreparedStatement[] kept = new PreparedStatement[all.length];
        for (int n = 0; n < all.length; n++) {
            all[n] = DriverManager.getConnection(url, "app", "secret");
            all[n].createStatement().execute("SET SESSION group_concat_max_len=" + (2000 + n));
            kept[n] = all[n].prepareStatement("SELECT ?, @@group_concat_max_len");
        }
        for (int round = 0; round < 5; round++) {
            for (int n = 0; n < all.length; n++) {
                all[n].setAutoCommit(false);
                PreparedStatement insert = all[n].prepareStatement("INSERT INTO visits (who) VALUES (?)");
                insert.setInt(1, n);
                insert.executeUpdate();
                insert.close();
                all[n].commit();
                all[n].setAutoCommit(true);
                kept[n].setInt(1, n);
                ResultSet r = kept[n].executeQuery();
                r.next();
                if (r.getInt(1) != n || r.getInt(2) != 2000 + n)
                    throw new IllegalStateException("connection " + n + " got " + r.getInt(2));
                r.close();
            }
        }
        System.out.println("ok");
    }
}
