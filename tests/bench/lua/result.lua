-- SPDX-License-Identifier: Apache-2.0
-- One row of one large column: what a proxy moves is bytes, not packets.
sysbench.cmdline.options = {result_size = {"Bytes of the result", 1048576}}

function thread_init()
   connection = sysbench.sql.driver():connect()
   statement = string.format("SELECT REPEAT('x', %d)", sysbench.opt.result_size)
end

function event()
   connection:query(statement)
end

function thread_done()
   connection:disconnect()
end
