"""Operations on the cache of Railway's edge before a service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from railway_api.operation import Operation, mutation, query

if TYPE_CHECKING:
    from railway_api.answers import EdgeConfig, ServiceInstance

_EDGE = "{ enabled caching { mode defaultTtlSeconds htmlCaching purgeOnDeploy staleWhileRevalidate { enabled } } }"

SERVICE_EDGE: Operation[ServiceInstance] = query(
    "serviceInstance", {"environmentId": "String!", "serviceId": "String!"}, f"{{ edgeConfig {_EDGE} }}"
)
SERVICE_CDN_ENABLE: Operation[EdgeConfig] = mutation(
    "enableServiceCdn", {"input": "EnableServiceCdnInput!"}, _EDGE, repeatable=True
)
SERVICE_CDN_DISABLE: Operation[bool] = mutation(
    "disableServiceCdn", {"input": "DisableServiceCdnInput!"}, repeatable=True
)
SERVICE_EDGE_UPDATE: Operation[EdgeConfig] = mutation(
    "updateServiceEdgeConfig", {"input": "UpdateServiceEdgeConfigInput!"}, _EDGE, repeatable=True
)

OPERATIONS = (SERVICE_EDGE, SERVICE_CDN_ENABLE, SERVICE_CDN_DISABLE, SERVICE_EDGE_UPDATE)
