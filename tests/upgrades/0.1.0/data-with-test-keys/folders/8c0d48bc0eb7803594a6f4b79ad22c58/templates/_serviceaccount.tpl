{{- define "workload.serviceAccount" -}}
{{- with .Values.workload.serviceAccount -}}
{{- if .create -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "workload.serviceAccountName" $ | quote }}
  namespace: {{ $.Release.Namespace | quote }}
  labels:
    {{- include "workload.labels" $ | nindent 4 }}
  {{- with .annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
automountServiceAccountToken: {{ .automountToken }}
{{- end -}}
{{- end -}}
{{- end -}}
