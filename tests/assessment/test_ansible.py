"""What Ansible's tasks do to a machine is said as what Chef's recipes do, with file and line."""

from __future__ import annotations

from tests.assessment.looking import assessment, said

TASKS = """---
- name: packages
  apt: name=nginx,git state=present
- name: Configuration
  ansible.builtin.template:
    src: shop.conf.j2
    dest: "/etc/shop/{{ stage }}.conf"
  notify: restart shop
# - cron: name=old
- cron:
    name: "clean up"
    minute: "0"
    job: /usr/bin/clean
- name: Kernel
  become: true
  ansible.posix.sysctl: {name: net.core.somaxconn, value: "1024"}
- block:
    - service:
        enabled: true
        name: shop
    - user:
        name: olduser
        state: absent
    - git:
        repo: https://git.acme.example/shop.git
        dest: /srv/shop
- debug: msg="{{ ansible_default_ipv4.address }}"
"""
PLAYBOOK = """- hosts: web
  tasks:
    - dnf:
        name:
          - httpd
"""


def test_tasks_say_what_is_managed_with_their_lines() -> None:
    found = said({"roles/shop/tasks/main.yml": TASKS, "site.yml": PLAYBOOK})

    assert sorted((place, rule, words) for rule, place, words in found) == [
        ("roles/shop/tasks/main.yml:10", "cron", "Ansible manages the cron job clean up"),
        ("roles/shop/tasks/main.yml:16", "kernel", "Ansible manages the kernel's net.core.somaxconn"),
        ("roles/shop/tasks/main.yml:18", "managed-service", "Ansible manages the service shop"),
        (
            "roles/shop/tasks/main.yml:24",
            "deploy-by-ssh",
            "Ansible manages the deployment https://git.acme.example/shop.git",
        ),
        ("roles/shop/tasks/main.yml:27", "machine-facts", "the fact default_ipv4 of the machine"),
        ("roles/shop/tasks/main.yml:3", "managed-package", "Ansible manages the package nginx"),
        ("roles/shop/tasks/main.yml:5", "managed-file", "Ansible manages the file /etc/shop/{{ stage }}.conf"),
        ("site.yml:1", "configuration-management", "an Ansible play for web"),
        ("site.yml:3", "managed-package", "Ansible manages the package httpd"),
    ]


def test_tasks_answer_what_runs_by_the_clock_and_how_machines_are_configured() -> None:
    answers = assessment({"roles/shop/tasks/main.yml": TASKS}).answers

    assert (answers["scheduled_work"].value, answers["configuration"].value) == ("cron", "chef")
