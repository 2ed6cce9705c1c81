{{- define "workload.autoscaling" -}}
{{- with .Values.workload.autoscaling -}}
{{- if .enabled -}}
{{- if gt (int .minReplicas) (int .maxReplicas) }}
{{- fail (printf "workload.autoscaling: minReplicas (%v) must not be greater than maxReplicas (%v)" .minReplicas .maxReplicas) }}
{{- end -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
{{ include "workload.metadata" $ }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ include "workload.name" $ | quote }}
  minReplicas: {{ .minReplicas }}
  maxReplicas: {{ .maxReplicas }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: {{ .targetCPU }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "workload.podDisruptionBudget" -}}
{{- with .Values.workload.podDisruptionBudget -}}
{{- if .enabled -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
{{ include "workload.metadata" $ }}
spec:
  maxUnavailable: {{ .maxUnavailable }}
  selector:
    matchLabels:
      {{- include "workload.selectorLabels" $ | nindent 6 }}
{{- end -}}
{{- end -}}
{{- end -}}
