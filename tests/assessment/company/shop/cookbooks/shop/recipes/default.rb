package "imagemagick"

template "/etc/nginx/sites-enabled/shop" do
  variables(fqdn: node["fqdn"])
end

service "nginx" do
  action [:enable, :start]
end

execute "migrate" do
  user "deploy"
end

mount "/srv/shop/shared" do
  device "nfs1.acme.internal:/exports/shop"
  fstype "nfs"
end

sysctl "net.core.somaxconn" do
  value 1024
end

secrets = data_bag_item("shop", "secrets")
workers = search(:node, "role:worker")
