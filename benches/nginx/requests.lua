-- For wrk: POSTs the bodies of a file, one a line, over and over, and prints what came of it as one
-- line of JSON. The file and the content type come behind `--` on the command line.

local requests, at = {}, 0

function init(arguments)
    local headers = { ["Content-Type"] = arguments[2] }
    for body in io.lines(arguments[1]) do
        requests[#requests + 1] = wrk.format("POST", nil, headers, body)
    end
end

function request()
    at = at % #requests + 1
    return requests[at]
end

function done(summary, latency)
    local errors = summary.errors
    local form = 'summary {"requests": %d, "seconds": %.6f, "p50": %d, "p99": %d, "max": %d, '
        .. '"not_2xx": %d, "connect": %d, "read": %d, "write": %d, "timeout": %d}'
    print(form:format(summary.requests, summary.duration / 1e6,
        latency:percentile(50), latency:percentile(99), latency.max,
        errors.status, errors.connect, errors.read, errors.write, errors.timeout))
end
