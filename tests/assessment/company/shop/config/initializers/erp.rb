ERP = "http://erp.acme.internal:8080/orders"
SCANNER = "10.0.3.17"
