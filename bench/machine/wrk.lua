-- wrk ... URL -- METHOD PATH BODY HEADER...
-- {id:N} in the path becomes ids from 1 to N, {n} in the body a number that is never the same. At the end: one line of JSON.
local PREPARED = 2000
local requests, turn = {}, 0

function init(args)
  local method, path, body = args[1], args[2], args[3]
  for index = 4, #args do
    local name, value = args[index]:match("^([^:]+): (.*)$")
    wrk.headers[name] = value
  end
  math.randomseed(20261121)
  local most = tonumber(path:match("{id:(%d+)}") or 1)
  for index = 1, PREPARED do
    local at = path:gsub("{id:%d+}", function() return string.format("%d", math.random(most)) end)
    local with = body ~= "" and body:gsub("{n}", string.format("%d", index)) or nil
    requests[index] = wrk.format(method, at, wrk.headers, with)
  end
end

function request()
  turn = turn % PREPARED + 1
  return requests[turn]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"seconds":%.6f,"p50":%.3f,"p99":%.3f,"max":%.3f,"refused":%d,"broken":%d}\n',
    summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
