{{- define "workload.configName" -}}
{{- printf "%s-files" (include "workload.name" .) -}}
{{- end -}}

{{- define "workload.config" -}}
{{- with .Values.workload.configFiles -}}
{{- if .files -}}
apiVersion: v1
kind: ConfigMap
{{ include "workload.metadataOf" (dict "root" $ "name" (include "workload.configName" $)) }}
  annotations:
    argocd.argoproj.io/sync-wave: "-2"
data:
  {{- toYaml .files | nindent 2 }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "workload.persistence" -}}
{{- with .Values.workload.persistence -}}
{{- if .enabled -}}
apiVersion: v1
kind: PersistentVolumeClaim
{{ include "workload.metadata" $ }}
  {{- if .keep }}
  annotations:
    argocd.argoproj.io/sync-options: Delete=false,Prune=false
    helm.sh/resource-policy: keep
  {{- end }}
spec:
  accessModes:
    {{- toYaml .accessModes | nindent 4 }}
  {{- with .storageClass }}
  storageClassName: {{ . | quote }}
  {{- end }}
  resources:
    requests:
      storage: {{ .size }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "workload.secrets" -}}
{{- range $name, $secret := .Values.workload.sealedSecrets }}
---
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
{{ include "workload.metadataOf" (dict "root" $ "name" $name) }}
  annotations:
    argocd.argoproj.io/sync-wave: "-2"
    {{- with include "workload.scope" $secret }}
    {{- . | nindent 4 }}
    {{- end }}
spec:
  encryptedData:
    {{- toYaml $secret.encryptedData | nindent 4 }}
  template:
    type: {{ $secret.type | default "Opaque" }}
    metadata:
      labels:
        {{- include "workload.partLabels" $ | nindent 8 }}
      {{- with include "workload.scope" $secret }}
      annotations:
        {{- . | nindent 8 }}
      {{- end }}
{{- end }}
{{- range $name, $secret := .Values.workload.externalSecrets }}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
{{ include "workload.metadataOf" (dict "root" $ "name" $name) }}
  annotations:
    argocd.argoproj.io/sync-wave: "-2"
spec:
  refreshInterval: {{ $secret.refreshInterval | default "1h" | quote }}
  secretStoreRef:
    kind: {{ $secret.storeKind | default "ClusterSecretStore" }}
    name: {{ $secret.store | quote }}
  target:
    name: {{ $name | quote }}
  {{- with $secret.data }}
  data:
    {{- range $key, $from := . }}
    - secretKey: {{ $key | quote }}
      remoteRef:
        {{- toYaml $from | nindent 8 }}
    {{- end }}
  {{- end }}
  {{- with $secret.dataFrom }}
  dataFrom:
    {{- range . }}
    - extract:
        key: {{ . | quote }}
    {{- end }}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "workload.scope" -}}
{{- with .scope -}}
{{- if ne . "strict" -}}
sealedsecrets.bitnami.com/{{ . }}: "true"
{{- end -}}
{{- end -}}
{{- end -}}
