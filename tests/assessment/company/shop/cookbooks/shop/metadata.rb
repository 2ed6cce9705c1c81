name "shop"
version "1.4.0"
