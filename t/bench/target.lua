-- A target that costs as little as an httpd can: whatever is posted is given back with an id.
function handle(r)
   local body = r:requestbody()
   r.content_type = "application/scim+json"
   if r.method == "POST" then
      r.status = 201
      r:puts('{"id":"', body:match('"userName":"([^"]*)"'), '",', body:sub(2))
   else
      r:puts('{"totalResults":0,"Resources":[]}')
   end
   return apache2.OK
end
