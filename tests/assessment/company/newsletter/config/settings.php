<?php
return [
  'shop_url' => 'https://shop.acme.internal/api',
  'db_host' => '127.0.0.1',
];
