{{- define "workload.serviceAccount" -}}
{{- with .Values.workload.serviceAccount -}}
{{- if .create -}}
apiVersion: v1
kind: ServiceAccount
{{ include "workload.metadataOf" (dict "root" $ "name" (include "workload.serviceAccountName" $)) }}
  annotations:
    argocd.argoproj.io/sync-wave: "-2"
    {{- with .annotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
automountServiceAccountToken: {{ .automountToken }}
{{- end -}}
{{- end -}}
{{- end -}}
