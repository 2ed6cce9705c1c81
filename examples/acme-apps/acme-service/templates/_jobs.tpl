{{- /*
A job runs at each deployment. For Argo CD it is a hook in a wave, since its account, its secrets and its files, which are in earlier
waves, must be there; Helm has no waves, and installs such a job after them.
*/ -}}
{{- define "workload.jobs" -}}
{{- range $name, $job := .Values.workload.jobs }}
{{- $full := printf "%s-%s" (include "workload.name" $) $name }}
{{- $when := $job.when | default "before" }}
---
apiVersion: batch/v1
kind: Job
{{ include "workload.metadataOf" (dict "root" $ "name" $full "part" true) }}
  annotations:
    {{- if eq $when "before" }}
    argocd.argoproj.io/hook: Sync
    argocd.argoproj.io/sync-wave: "-1"
    helm.sh/hook: post-install,pre-upgrade
    {{- else }}
    argocd.argoproj.io/hook: PostSync
    helm.sh/hook: post-install,post-upgrade
    {{- end }}
    argocd.argoproj.io/hook-delete-policy: BeforeHookCreation
    helm.sh/hook-delete-policy: before-hook-creation
spec:
  {{- include "workload.jobSpec" (dict "root" $ "name" $name "job" $job) | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "workload.cronJobs" -}}
{{- range $name, $job := .Values.workload.cronJobs }}
---
apiVersion: batch/v1
kind: CronJob
{{ include "workload.metadataOf" (dict "root" $ "name" (printf "%s-%s" (include "workload.name" $) $name) "part" true) }}
spec:
  schedule: {{ $job.schedule | quote }}
  {{- with $job.timeZone }}
  timeZone: {{ . | quote }}
  {{- end }}
  concurrencyPolicy: {{ $job.concurrencyPolicy | default "Forbid" }}
  {{- if $job.suspend }}
  suspend: true
  {{- end }}
  jobTemplate:
    spec:
      {{- include "workload.jobSpec" (dict "root" $ "name" $name "job" $job) | nindent 6 }}
{{- end }}
{{- end -}}

{{- /* The pods of a job must not have the labels by which the service finds its own. */ -}}
{{- define "workload.jobSpec" -}}
{{- $root := .root -}}
{{- $values := $root.Values.workload -}}
{{- $job := .job -}}
backoffLimit: {{ hasKey $job "backoffLimit" | ternary $job.backoffLimit 2 }}
{{- with $job.activeDeadlineSeconds }}
activeDeadlineSeconds: {{ . }}
{{- end }}
template:
  metadata:
    labels:
      {{- include "workload.partLabels" $root | nindent 6 }}
  spec:
    restartPolicy: Never
    {{- include "workload.podSettings" $root | nindent 4 }}
    containers:
      - name: {{ .name | quote }}
        image: {{ $job.image | default (include "workload.image" $root) | quote }}
        imagePullPolicy: {{ $values.image.pullPolicy }}
        {{- with $job.command }}
        command:
          {{- toYaml . | nindent 10 }}
        {{- end }}
        {{- with $job.args }}
        args:
          {{- toYaml . | nindent 10 }}
        {{- end }}
        {{- with merge (dict) ($job.env | default dict) $values.env }}
        env:
          {{- include "workload.env" . | nindent 10 }}
        {{- end }}
        {{- with concat $values.envFrom ($job.envFrom | default list) }}
        envFrom:
          {{- toYaml . | nindent 10 }}
        {{- end }}
        {{- with $job.resources | default $values.resources }}
        resources:
          {{- toYaml . | nindent 10 }}
        {{- end }}
        {{- with $values.securityContext }}
        securityContext:
          {{- toYaml . | nindent 10 }}
        {{- end }}
        volumeMounts:
          - name: tmp
            mountPath: /tmp
          {{- if $values.configFiles.files }}
          - name: config-files
            mountPath: {{ $values.configFiles.path | quote }}
            readOnly: true
          {{- end }}
    volumes:
      - name: tmp
        emptyDir: {}
      {{- if $values.configFiles.files }}
      - name: config-files
        configMap:
          name: {{ include "workload.configName" $root | quote }}
      {{- end }}
{{- end -}}
