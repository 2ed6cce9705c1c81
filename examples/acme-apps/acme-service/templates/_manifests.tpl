{{- /* All objects of a service: its chart includes only this template. */ -}}
{{- define "workload.manifests" -}}
{{- range list "serviceAccount" "deployment" "service" "ingress" "autoscaling" "podDisruptionBudget" "serviceMonitor" }}
{{- with include (printf "workload.%s" .) $ }}
---
{{ . }}
{{- end }}
{{- end }}
{{- end -}}
