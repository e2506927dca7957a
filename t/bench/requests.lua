-- wrk's requests: wrk -s requests.lua URL -- AUTHORIZATION KIND ...
--   paths FILE               GETs of the paths in the file, one after the other
--   create PREFIX            POSTs of users whose names begin with it
--   bulk PREFIX COUNT        bulk requests of so many such creates
--   add FROM MEMBERS GROUPS  PATCHes that add the members in the file, from one on, to the groups
--   mixed PREFIX FILE        GETs of the paths and, one in ten each, POSTs and the users' PATCHes;
--                            one connection in twenty requests is closed by its client
local headers = { ["Content-Type"] = "application/scim+json" }
local count = 0
local kinds = {}

local function lines(file)
   local all = {}
   for line in io.lines(file) do all[#all + 1] = line end
   return all
end

local user = [[{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"externalId":"hr-%s%d",]] ..
   [["userName":"%s%d","displayName":"Barbara Jensen","name":{"givenName":"Barbara",]] ..
   [["familyName":"Jensen"},"title":"Tour guide","active":true,"emails":[{"value":]] ..
   [["%s%d@example.com","type":"work","primary":true}],"phoneNumbers":[{"value":]] ..
   [["tel:+1-555-000%d","type":"work"}]}]]
local patch = [[{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[%s]}]]

local function gets(paths, with)
   local all = {}
   for _, path in ipairs(paths) do all[#all + 1] = wrk.format("GET", path, with) end
   return function() return all[count % #all + 1] end
end

function kinds.paths(file) return gets(lines(file), headers) end

local function body(prefix, number)
   return user:format(prefix, number, prefix, number, prefix, number, number)
end

local function create(prefix)
   return wrk.format("POST", "/scim/v2/Users", headers, body(prefix, count))
end

function kinds.bulk(prefix, size)
   local operation = '{"method":"POST","path":"/Users","bulkId":"%d","data":%s}'
   return function()
      local all = {}
      for i = 1, size do all[i] = operation:format(i, body(prefix, count * size + i)) end
      return wrk.format("POST", "/scim/v2/Bulk", headers,
         '{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[' ..
         table.concat(all, ",") .. "]}")
   end
end

function kinds.create(prefix)
   return function() return create(prefix) end
end

function kinds.add(from, members, groups)
   members, groups = lines(members), lines(groups)
   return function()
      local member = members[from + count] or error("load more members")
      return wrk.format("PATCH",
         "/scim/v2/Groups/" .. groups[count % #groups + 1] .. "?excludedAttributes=members", headers,
         patch:format(('{"op":"add","path":"members","value":[{"value":"%s"}]}'):format(member)))
   end
end

function kinds.mixed(prefix, file)
   local paths, users, last = lines(file), {}, { Connection = "close" }
   for name, value in pairs(headers) do last[name] = value end
   local get, get_last = gets(paths, headers), gets(paths, last)
   for _, path in ipairs(paths) do
      if not path:find("?", 1, true) then users[#users + 1] = path end
   end
   return function()
      if count % 20 == 0 then return get_last() end
      if count % 10 == 8 then return create(prefix) end
      if count % 10 < 8 then return get() end
      return wrk.format("PATCH", users[count % #users + 1], headers,
         patch:format(('{"op":"replace","path":"title","value":"Clerk %d"}'):format(count)))
   end
end

function init(args)
   if args[1] ~= "" then headers["Authorization"] = args[1] end
   local next_request = kinds[args[2]](args[3], args[4], args[5])
   request = function()
      count = count + 1
      return next_request()
   end
end

-- requests, microseconds, errors, p50, p99, and 0 for the CPU that nobody knows here.
function done(summary, latency)
   local e = summary.errors
   -- httpd ends kept connections when its threads are all busy: now and then that is no error.
   local broken = e.read * 100 > summary.requests and e.read or 0
   io.write(("MEASURED %d %d %d %d %d 0\n"):format(summary.requests, summary.duration,
      e.connect + broken + e.write + e.status + e.timeout, latency:percentile(50),
      latency:percentile(99)))
end
