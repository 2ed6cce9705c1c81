package com.acme;

/*
 * request.getSession() is called below.
 */
class Cart {
  void add(HttpServletRequest request) {
    request.getSession().setAttribute("cart", this);
  }

  @Scheduled(cron = "0 0 * * * *")
  void expire() {}
}
