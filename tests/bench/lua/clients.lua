-- SPDX-License-Identifier: Apache-2.0
-- sysbench's oltp_read_write, done by clients of an application instead of by load generators:
--   * a client that the server refuses ends alone. Plain sysbench ends altogether at the first
--     connection that is refused, so it cannot count how many of 500 would have been.
--   * a client thinks between transactions: --think-time, milliseconds, from half to one and a half
--     of it. With 0 it works without a pause, like plain sysbench.
-- Each client prints a line that says whether it was connected; sysbench prints why not.
require("oltp_read_write")

local ffi = require("ffi")
ffi.cdef("int usleep(unsigned int microseconds);")

sysbench.cmdline.options.think_time = {"Mean pause of a client between transactions, ms", 0}

local connect = thread_init
local connected = false

function thread_init()
   connected = pcall(connect)
   io.write(connected and "client connected\n" or "client refused\n")
end

local function think(least, most)
   if sysbench.opt.think_time > 0 then
      ffi.C.usleep(1000 * sysbench.opt.think_time * (least + (most - least) * math.random()))
   end
end

-- A transaction that met an error is not counted; sysbench has printed the error.
local function transaction(thread_id)
   local done, what
   repeat
      done, what = pcall(event, thread_id)
   until done or type(what) ~= "table" or what.errcode ~= sysbench.error.RESTART_EVENT
   return done
end

function thread_run(thread_id)
   if not connected then
      return
   end
   math.randomseed(thread_id)
   think(0, 1) -- not all at once
   while ffi.C.sb_more_events(thread_id) do
      ffi.C.sb_event_start(thread_id)
      if not transaction(thread_id) then
         return
      end
      ffi.C.sb_event_stop(thread_id)
      think(0.5, 1.5)
   end
end

local disconnect = thread_done

function thread_done()
   if connected then
      pcall(disconnect)
   end
end
