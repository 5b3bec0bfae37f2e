{% test a_test_of_ours(model, column_name, total) %}
select * from {{ model }} where {{ column_name }} <> {{ total }}
{% endtest %}
