{{- /* Values of the library for the pods that answer. Its templates read them as `.Values.workload`. */ -}}
{{- define "scenedock.web" -}}
{{- $values := include "scenedock.shared" (list . .Values.web) | fromYaml -}}
{{- $env := dict "SCENEDOCK_LISTEN" (printf "0.0.0.0:%v" $values.port) -}}
{{- range $values.ports -}}
{{- if eq .name "folders" -}}
{{- $_ := set $env "SCENEDOCK_FOLDERS_LISTEN" (printf "0.0.0.0:%v" .port) -}}
{{- end -}}
{{- end -}}
{{- $_ := set $values "env" (merge (dict) $values.env $env (include "scenedock.folders" . | fromYaml)) -}}
{{- if eq .Values.mode "embedded" -}}
{{- $_ := set $values "args" (list "serve") -}}
{{- $_ := set $values.persistence "enabled" true -}}
{{- else -}}
{{- $_ := set $values "args" (list "serve" "--web-only") -}}
{{- $_ := set $values "replicas" (max 2 $values.replicas) -}}
{{- include "scenedock.dataFolder" $values -}}
{{- /* A job has no volumes, and this one talks to PostgreSQL alone. As a map, because an empty text would be overridden. */ -}}
{{- $_ := set $values "jobs" (dict "migrate" (dict "args" (list "migrate") "env" (dict "SCENEDOCK_CA_FILE" (dict "value" "")))) -}}
{{- end -}}
{{- toYaml $values -}}
{{- end -}}

{{- define "scenedock.worker" -}}
{{- $values := include "scenedock.shared" (list . .Values.worker) | fromYaml -}}
{{- $env := dict "SCENEDOCK_WORKER_LISTEN" (printf "0.0.0.0:%v" $values.port) -}}
{{- $_ := set $values "env" (merge (dict) $values.env $env (include "scenedock.folders" . | fromYaml)) -}}
{{- $_ := set $values "args" (list "worker") -}}
{{- include "scenedock.dataFolder" $values -}}
{{- toYaml $values -}}
{{- end -}}

{{- /* Where Backstage fetches what was baked. */ -}}
{{- define "scenedock.folders" -}}
{{- range .Values.web.ports -}}
{{- if eq .name "folders" -}}
SCENEDOCK_FOLDERS_URL: {{ printf "http://%s.%s:%v" $.Values.web.name $.Release.Namespace .port | quote }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* What all pods have: the image, the settings, the files. */ -}}
{{- define "scenedock.shared" -}}
{{- $root := index . 0 -}}
{{- $values := deepCopy (index . 1) -}}
{{- $image := deepCopy $root.Values.image -}}
{{- if not $image.tag -}}
{{- $_ := set $image "tag" $root.Chart.AppVersion -}}
{{- end -}}
{{- $_ := set $values "image" (mergeOverwrite $values.image $image) -}}
{{- $env := dict -}}
{{- range $name, $value := $root.Values.settings -}}
{{- $_ := set $env (printf "SCENEDOCK_%s" (upper $name)) (include "scenedock.text" $value) -}}
{{- end -}}
{{- range $name, $value := $root.Values.env -}}
{{- $_ := set $env $name (kindIs "map" $value | ternary $value (include "scenedock.text" $value)) -}}
{{- end -}}
{{- $_ := set $values "env" (merge (dict) $values.env $env) -}}
{{- with $root.Values.existingSecret -}}
{{- $_ := set $values "envFrom" (append $values.envFrom (dict "secretRef" (dict "name" .))) -}}
{{- end -}}
{{- $_ := set $values.configFiles "files" (merge (dict) $values.configFiles.files $root.Values.files) -}}
{{- with $root.Values.secretFiles -}}
{{- $_ := set $values "volumes" (append $values.volumes (dict "name" "secrets" "secret" (dict "secretName" .))) -}}
{{- $_ := set $values "volumeMounts" (append $values.volumeMounts (dict "name" "secrets" "mountPath" "/secrets" "readOnly" true)) -}}
{{- end -}}
{{- with $root.Values.certificateAuthority -}}
{{- if or .configMap .secret -}}
{{- $_ := set $values.env "SCENEDOCK_CA_FILE" "/authority/ca.crt" -}}
{{- $_ := set $values "volumes" (append $values.volumes (include "scenedock.authority" $root | fromYaml)) -}}
{{- $_ := set $values "volumeMounts" (append $values.volumeMounts (dict "name" "authority" "mountPath" "/authority" "readOnly" true)) -}}
{{- end -}}
{{- end -}}
{{- toYaml $values -}}
{{- end -}}

{{- /* The volume with the company's certificate authorities, in the file ca.crt. */ -}}
{{- define "scenedock.authority" -}}
{{- with .Values.certificateAuthority -}}
{{- $items := list (dict "key" .key "path" "ca.crt") -}}
{{- $source := dict "configMap" (dict "name" .configMap "items" $items) -}}
{{- if .secret -}}
{{- $source = dict "secret" (dict "secretName" .secret "items" $items) -}}
{{- end -}}
{{- toYaml (merge (dict "name" "authority") $source) -}}
{{- end -}}
{{- end -}}

{{- /* A value as an environment variable has it. Helm reads a whole number as one with a point, and prints 2e+06. */ -}}
{{- define "scenedock.text" -}}
{{- if kindIs "slice" . -}}
{{- join "," . -}}
{{- else if and (kindIs "float64" .) (eq . (floor .)) -}}
{{- int64 . -}}
{{- else -}}
{{- toString . -}}
{{- end -}}
{{- end -}}

{{- /* With `scaled`, what lasts is in PostgreSQL; the folder holds what can be fetched again. */ -}}
{{- define "scenedock.dataFolder" -}}
{{- $_ := set . "volumes" (append .volumes (dict "name" "data" "emptyDir" dict)) -}}
{{- $_ := set . "volumeMounts" (append .volumeMounts (dict "name" "data" "mountPath" "/data")) -}}
{{- end -}}

{{- /* Refuses what can't work. */ -}}
{{- define "scenedock.check" -}}
{{- if eq .Values.mode "scaled" -}}
{{- if not .Values.existingSecret -}}
{{- range list "SCENEDOCK_DATABASE_URL" "SCENEDOCK_SEAL_KEY" "SCENEDOCK_SIGNING_KEY" -}}
{{- if not (hasKey $.Values.env .) -}}
{{- fail (printf "mode: scaled needs a PostgreSQL and keys that all pods share, and %s is not in env: name a Secret with SCENEDOCK_DATABASE_URL, SCENEDOCK_SEAL_KEY and SCENEDOCK_SIGNING_KEY in existingSecret, or set them in env" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if eq .Values.web.name .Values.worker.name -}}
{{- fail "web.name and worker.name are the same: their objects would be, too" -}}
{{- end -}}
{{- else -}}
{{- if or (gt (int .Values.web.replicas) 1) .Values.web.autoscaling.enabled -}}
{{- fail "mode: embedded is one pod: set web.replicas to 1 and web.autoscaling.enabled to false, or mode to scaled" -}}
{{- end -}}
{{- if .Values.web.strategy -}}
{{- fail "mode: embedded has one volume for one pod, which is stopped before it is replaced: leave out web.strategy, or set mode to scaled" -}}
{{- end -}}
{{- end -}}
{{- if or .Values.web.serviceMonitor.enabled .Values.worker.serviceMonitor.enabled -}}
{{- fail "web.serviceMonitor has no token for /metrics: use metrics.serviceMonitor" -}}
{{- end -}}
{{- with .Values.certificateAuthority -}}
{{- if and .configMap .secret -}}
{{- fail "certificateAuthority is in one place: set configMap or secret, not both" -}}
{{- end -}}
{{- if and (or .configMap .secret) (hasKey $.Values.settings "ca_file") -}}
{{- fail "certificateAuthority sets the setting ca_file: remove it from settings" -}}
{{- end -}}
{{- end -}}
{{- if .Values.export.enabled -}}
{{- $_ := required "export.repository is missing: set it to the address of the repository to export" .Values.export.repository -}}
{{- if eq .Values.export.to "volume" -}}
{{- $_ := required "export.claim is missing: set it to the PersistentVolumeClaim that gets the catalog" .Values.export.claim -}}
{{- end -}}
{{- end -}}
{{- end -}}
