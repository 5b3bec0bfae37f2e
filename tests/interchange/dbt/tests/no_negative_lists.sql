select * from {{ ref('list_sizes') }} where registered < 0
