-- SPDX-License-Identifier: Apache-2.0
-- oltp_point_select that says of each client by itself how long its queries took: at its end a client
-- prints "client N: COUNT queries, p50 A us, p99 B us, max C us". With --pause a client rests so many
-- milliseconds, from half to one and a half of it, before each query.
require("oltp_common")

local ffi = require("ffi")
ffi.cdef([[
   struct bench_time { long seconds; long nanoseconds; };
   int clock_gettime(int clock, struct bench_time *now);
   int usleep(unsigned int microseconds);
]])

local CLOCK_MONOTONIC = 1
local now = ffi.new("struct bench_time")
sysbench.cmdline.options.pause = {"Mean pause before a query, ms", 0}

local function microseconds()
   ffi.C.clock_gettime(CLOCK_MONOTONIC, now)
   return tonumber(now.seconds) * 1e6 + tonumber(now.nanoseconds) / 1e3
end

function prepare_statements()
end

function event()
   con:query("SELECT c FROM sbtest1 WHERE id=" ..
             sysbench.rand.uniform(1, sysbench.opt.table_size))
end

local function quantile(sorted, part)
   return sorted[math.max(1, math.ceil(part * #sorted))] or 0
end

function thread_run(thread_id)
   local times = {}
   math.randomseed(thread_id)
   while ffi.C.sb_more_events(thread_id) do
      if sysbench.opt.pause > 0 then
         ffi.C.usleep(1000 * sysbench.opt.pause * (0.5 + math.random()))
      end
      local begin = microseconds()
      ffi.C.sb_event_start(thread_id)
      event(thread_id)
      ffi.C.sb_event_stop(thread_id)
      times[#times + 1] = microseconds() - begin
   end
   table.sort(times)
   io.write(string.format("client %d: %d queries, p50 %.0f us, p99 %.0f us, max %.0f us\n", thread_id,
                          #times, quantile(times, 0.5), quantile(times, 0.99), quantile(times, 1)))
end
