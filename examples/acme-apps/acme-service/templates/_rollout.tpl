{{- /* Argo Rollouts: blue/green or canary in the place of a Deployment. */ -}}
{{- define "workload.rollout" -}}
{{- $values := .Values.workload -}}
{{- $name := include "workload.name" . -}}
{{- if $values.rollout.strategy -}}
apiVersion: argoproj.io/v1alpha1
kind: Rollout
{{ include "workload.metadata" . }}
spec:
  {{- include "workload.pods" . | nindent 2 }}
  strategy:
    {{- if eq $values.rollout.strategy "blueGreen" }}
    {{- with $values.rollout.blueGreen }}
    blueGreen:
      activeService: {{ $name | quote }}
      previewService: {{ printf "%s-preview" $name | quote }}
      autoPromotionEnabled: {{ .autoPromote }}
      {{- with .autoPromoteSeconds }}
      autoPromotionSeconds: {{ . }}
      {{- end }}
      {{- with .previewReplicas }}
      previewReplicaCount: {{ . }}
      {{- end }}
      scaleDownDelaySeconds: {{ .scaleDownDelay }}
      {{- with .prePromotionAnalysis }}
      prePromotionAnalysis:
        {{- include "workload.analysis" . | nindent 8 }}
      {{- end }}
      {{- with .postPromotionAnalysis }}
      postPromotionAnalysis:
        {{- include "workload.analysis" . | nindent 8 }}
      {{- end }}
    {{- end }}
    {{- else }}
    {{- with $values.rollout.canary }}
    canary:
      {{- with .trafficRouting }}
      stableService: {{ $name | quote }}
      canaryService: {{ printf "%s-canary" $name | quote }}
      trafficRouting:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      maxSurge: {{ .maxSurge }}
      maxUnavailable: {{ .maxUnavailable }}
      {{- with .steps }}
      steps:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    {{- end }}
    {{- end }}
{{- end -}}
{{- end -}}

{{- define "workload.analysis" -}}
templates:
  {{- range . }}
  - templateName: {{ . | quote }}
  {{- end }}
{{- end -}}

{{- /* The service that has only the new version, if there is one: its suffix. */ -}}
{{- define "workload.secondService" -}}
{{- with .Values.workload.rollout -}}
{{- if eq .strategy "blueGreen" -}}preview
{{- else if and (eq .strategy "canary") .canary.trafficRouting -}}canary
{{- end -}}
{{- end -}}
{{- end -}}
