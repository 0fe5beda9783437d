-- SPDX-License-Identifier: Apache-2.0
-- A client that connects, asks for one row and leaves, again and again.
sysbench.cmdline.options = {table_size = {"Number of rows", 10000}}

function thread_init()
   driver = sysbench.sql.driver()
end

function event()
   local connection = driver:connect()
   connection:query("SELECT c FROM sbtest1 WHERE id=" ..
                    sysbench.rand.uniform(1, sysbench.opt.table_size))
   connection:disconnect()
end
