"""What the OpenAPI document says in words only, for schemathesis."""
import schemathesis


@schemathesis.hook
def map_query(context, query):
    """`cache` may be `redis` or `off` only with mock=true."""
    if query and query.get("cache") in ("redis", "off"):
        query["mock"] = "true"
    return query
