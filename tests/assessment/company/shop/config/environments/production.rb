Rails.application.configure do
  config.active_storage.service = :local
  config.action_mailer.delivery_method = :sendmail
  config.log_level = ENV.fetch("LOG_LEVEL", "info")
end
