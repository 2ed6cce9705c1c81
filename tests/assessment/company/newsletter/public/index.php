<?php
session_start();
if (move_uploaded_file($_FILES['list']['tmp_name'], '/var/www/lists/' . $name)) {
  mail($to, 'Thank you', $text);
}
