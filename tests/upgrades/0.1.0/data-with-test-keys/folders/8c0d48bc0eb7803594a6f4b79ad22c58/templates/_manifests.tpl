{{- /* All objects of a service: the one line that its chart needs. */ -}}
{{- define "workload.manifests" -}}
{{- range list "serviceAccount" "deployment" "service" "ingress" "autoscaling" "podDisruptionBudget" "serviceMonitor" }}
{{- with include (printf "workload.%s" .) $ }}
---
{{ . }}
{{- end }}
{{- end }}
{{- end -}}
