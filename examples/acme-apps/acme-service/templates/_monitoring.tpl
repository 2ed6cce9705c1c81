{{- define "workload.serviceMonitor" -}}
{{- with .Values.workload.serviceMonitor -}}
{{- if .enabled -}}
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
{{ include "workload.metadata" $ }}
    {{- /* the metadata end with the labels, so these are further labels */ -}}
    {{- with .labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  selector:
    matchLabels:
      {{- include "workload.selectorLabels" $ | nindent 6 }}
  endpoints:
    - port: http
      path: {{ .path | quote }}
      interval: {{ .interval }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* `{{` of Prometheus' own templates is written by this one. */ -}}
{{- define "workload.prometheusRule" -}}
{{- with .Values.workload.prometheusRule -}}
{{- if and .enabled (or .builtIn .rules) -}}
{{- $name := include "workload.name" $ -}}
{{- $pods := printf `namespace=%q, pod=~"%s-.+"` $.Release.Namespace $name -}}
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
{{ include "workload.metadata" $ }}
    {{- with .labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  groups:
    - name: {{ printf "%s/%s" $.Release.Namespace $name | quote }}
      rules:
        {{- if .builtIn }}
        - alert: PodsRestart
          expr: {{ printf `sum(increase(kube_pod_container_status_restarts_total{%s}[15m])) > 2` $pods | squote }}
          for: 5m
          labels: { severity: {{ .severity | quote }}, service: {{ $name | quote }} }
          annotations:
            summary: {{ printf "Containers of %s in %s are started again and again" $name $.Release.Namespace | quote }}
            description: {{ `{{ printf "%.0f" $value }} restarts in 15 minutes. Look at the logs of the last container that ended.` | squote }}
        {{- if or $.Values.workload.autoscaling.enabled $.Values.workload.replicas }}
        - alert: PodsNotReady
          expr: {{ printf `(sum(kube_pod_status_ready{%s, condition="true"}) or vector(0)) < 1` $pods | squote }}
          for: 5m
          labels: { severity: {{ .severity | quote }}, service: {{ $name | quote }} }
          annotations:
            summary: {{ printf "No pod of %s in %s is ready" $name $.Release.Namespace | quote }}
            description: "Nobody answers requests. Look at the events of the pods and at what was deployed last."
        {{- end }}
        - alert: MemoryNearLimit
          expr: {{ printf `max(container_memory_working_set_bytes{%s, container!=""} / on (namespace, pod, container) kube_pod_container_resource_limits{%s, resource="memory"}) > 0.9` $pods $pods | squote }}
          for: 15m
          labels: { severity: {{ .severity | quote }}, service: {{ $name | quote }} }
          annotations:
            summary: {{ printf "%s in %s uses more than 90 %% of its memory" $name $.Release.Namespace | quote }}
            description: {{ "{{ $value | humanizePercentage }} of the limit. Beyond it, the container is killed." | quote }}
        {{- end }}
        {{- with .rules }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "workload.dashboard" -}}
{{- with .Values.workload.dashboard -}}
{{- if .enabled -}}
{{- $name := include "workload.name" $ -}}
{{- $pods := printf `namespace=%q, pod=~"%s-.+"` $.Release.Namespace $name -}}
{{- $panels := list -}}
{{- range $number, $panel := list
  (list "Ready pods" "short" (printf `sum(kube_pod_status_ready{%s, condition="true"})` $pods))
  (list "Restarts in 15 minutes" "short" (printf `sum(increase(kube_pod_container_status_restarts_total{%s}[15m]))` $pods))
  (list "CPU" "short" (printf `sum by (pod) (rate(container_cpu_usage_seconds_total{%s, container!=""}[5m]))` $pods))
  (list "Memory" "bytes" (printf `sum by (pod) (container_memory_working_set_bytes{%s, container!=""})` $pods))
-}}
{{- $at := dict "x" (mul 12 (mod $number 2)) "y" (mul 8 (div $number 2)) "w" 12 "h" 8 -}}
{{- $panels = append $panels (dict "id" (add $number 1) "type" "timeseries" "title" (index $panel 0) "gridPos" $at
  "datasource" (dict "type" "prometheus" "uid" "${datasource}")
  "fieldConfig" (dict "defaults" (dict "unit" (index $panel 1) "min" 0) "overrides" list)
  "targets" (list (dict "refId" "A" "expr" (index $panel 2) "datasource" (dict "type" "prometheus" "uid" "${datasource}")))) -}}
{{- end -}}
{{- $logs := dict "id" 5 "type" "logs" "title" "Logs" "gridPos" (dict "x" 0 "y" 16 "w" 24 "h" 10)
  "datasource" (dict "type" "loki" "uid" "${logs}")
  "targets" (list (dict "refId" "A" "expr" (printf `{namespace=%q, pod=~"%s-.+"}` $.Release.Namespace $name) "datasource" (dict "type" "loki" "uid" "${logs}"))) -}}
{{- $sources := list -}}
{{- range list (list "datasource" "Metrics" "prometheus") (list "logs" "Logs" "loki") -}}
{{- $sources = append $sources (dict "name" (index . 0) "label" (index . 1) "type" "datasource" "query" (index . 2)) -}}
{{- end -}}
apiVersion: v1
kind: ConfigMap
{{ include "workload.metadataOf" (dict "root" $ "name" (printf "%s-dashboard" $name)) }}
    {{- with .labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
data:
  {{ printf "%s-%s.json" $.Release.Namespace $name }}: |
    {{- dict "uid" (printf "%s/%s" $.Release.Namespace $name | sha256sum | trunc 32) "title" (printf "%s in %s" $name $.Release.Namespace)
      "tags" (list "workload") "timezone" "browser" "schemaVersion" 39 "refresh" "1m" "time" (dict "from" "now-6h" "to" "now")
      "templating" (dict "list" $sources) "panels" (append $panels $logs) | toPrettyJson | nindent 4 }}
{{- end -}}
{{- end -}}
{{- end -}}
