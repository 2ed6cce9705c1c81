{{- /* All objects of a service: its chart includes only this template. */ -}}
{{- define "workload.manifests" -}}
{{- include "workload.check" . -}}
{{- range list "namespace" "serviceAccount" "secrets" "config" "persistence" "deployment" "rollout" "service" "ingress" "route" "networkPolicy" "autoscaling" "podDisruptionBudget" "jobs" "cronJobs" "serviceMonitor" "prometheusRule" "dashboard" "extraObjects" }}
{{- with include (printf "workload.%s" .) $ | trim }}
{{- if not (hasPrefix "---" .) }}
---
{{- end }}
{{ . }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "workload.extraObjects" -}}
{{- range .Values.workload.extraObjects }}
---
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "workload.namespace" -}}
{{- with .Values.workload.namespace -}}
{{- if .create -}}
apiVersion: v1
kind: Namespace
metadata:
  name: {{ $.Release.Namespace | quote }}
  labels:
    {{- include "workload.labels" $ | nindent 4 }}
    {{- with .labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    argocd.argoproj.io/sync-wave: "-3"
    {{- with .annotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}
{{- end -}}
{{- end -}}
