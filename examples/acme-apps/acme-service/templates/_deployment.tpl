{{- define "workload.deployment" -}}
{{- $values := .Values.workload -}}
{{- if not $values.rollout.strategy -}}
apiVersion: apps/v1
kind: Deployment
{{ include "workload.metadata" . }}
spec:
  {{- include "workload.pods" . | nindent 2 }}
  {{- $shared := or (has "ReadWriteMany" $values.persistence.accessModes) (has "ReadOnlyMany" $values.persistence.accessModes) }}
  {{- with $values.strategy | default (ternary (dict "type" "Recreate") dict (and $values.persistence.enabled (not $shared))) }}
  strategy:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
{{- end -}}

{{- /* What a Deployment and a Rollout have in common. */ -}}
{{- define "workload.pods" -}}
{{- $values := .Values.workload -}}
{{- if not $values.autoscaling.enabled }}
replicas: {{ $values.replicas }}
{{- end }}
revisionHistoryLimit: {{ $values.revisionHistoryLimit }}
selector:
  matchLabels:
    {{- include "workload.selectorLabels" . | nindent 4 }}
template:
  metadata:
    labels:
      {{- include "workload.labels" . | nindent 6 }}
      {{- with $values.podLabels }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
    {{- if or $values.podAnnotations $values.configFiles.files }}
    annotations:
      {{- with $values.configFiles.files }}
      checksum/config-files: {{ toJson . | sha256sum }}
      {{- end }}
      {{- with $values.podAnnotations }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
    {{- end }}
  spec:
    terminationGracePeriodSeconds: {{ $values.shutdown.gracePeriod }}
    {{- include "workload.podSettings" . | nindent 4 }}
    {{- with $values.initContainers }}
    initContainers:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    containers:
      - {{ include "workload.container" . | nindent 8 | trim }}
      {{- with $values.sidecars }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
    volumes:
      {{- include "workload.volumes" . | nindent 6 }}
    {{- if or $values.spread $values.topologySpreadConstraints }}
    topologySpreadConstraints:
      {{- if $values.topologySpreadConstraints }}
      {{- range $values.topologySpreadConstraints }}
      {{- $selector := dict "labelSelector" (dict "matchLabels" (include "workload.selectorLabels" $ | fromYaml)) }}
      - {{ toYaml (merge (deepCopy .) $selector) | nindent 8 | trim }}
      {{- end }}
      {{- else }}
      {{- range $values.spread }}
      - maxSkew: 1
        topologyKey: {{ . | quote }}
        whenUnsatisfiable: ScheduleAnyway
        labelSelector:
          matchLabels:
            {{- include "workload.selectorLabels" $ | nindent 12 }}
      {{- end }}
      {{- end }}
    {{- end }}
{{- end -}}

{{- /* What the pods of a service and those of its jobs have in common. */ -}}
{{- define "workload.podSettings" -}}
{{- $values := .Values.workload -}}
serviceAccountName: {{ include "workload.serviceAccountName" . | quote }}
automountServiceAccountToken: {{ $values.serviceAccount.automountToken }}
{{- with $values.podSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
