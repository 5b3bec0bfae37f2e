select practice_code, cast(sum(registered) as bigint) as registered, count(*) as snapshots
from {{ ref('list_sizes') }}
where practice_code is not null
group by practice_code
