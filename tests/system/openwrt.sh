# What init scripts of OpenWrt find there, as far as ours needs it: UCI read
# from the file $UCI, names of networks from $NETWORKS ("lan=br-lan ..."), and
# procd, whose command is printed.  Sourced by a busybox ash.

count=0

config_load() {
	local line length
	while read -r line; do
		eval "set -- $line"
		case ${1:-} in
		config)
			count=$((count + 1))
			CONFIG_SECTION=${3:-cfg$count}
			SECTIONS="$SECTIONS $CONFIG_SECTION"
			eval "TYPE_$CONFIG_SECTION=\$2" ;;
		option)
			eval "CONFIG_${CONFIG_SECTION}_$2=\$3"
			option_cb "$2" "$3" ;;
		list)
			config_get length "$CONFIG_SECTION" "${2}_LENGTH" 0
			length=$((length + 1))
			eval "CONFIG_${CONFIG_SECTION}_${2}_ITEM$length=\$3"
			eval "CONFIG_${CONFIG_SECTION}_${2}_LENGTH=$length"
			list_cb "$2" "$3" ;;
		esac
	done <"$UCI"
}

reset_cb() {
	option_cb() { :; }
	list_cb() { :; }
}

config_get() {
	eval "$1=\${CONFIG_${2}_$3:-\${4:-}}"
}

config_get_bool() {
	config_get "$@"
	eval "case \$$1 in 1 | on | true | yes | enabled) $1=1 ;; *) $1=0 ;; esac"
}

config_foreach() {
	local section
	for section in $SECTIONS; do
		eval "test \$TYPE_$section = $2" && "$1" "$section"
	done
	return 0
}

config_list_foreach() {
	local section=$1 option=$2 function=$3 index=1 length value
	shift 3
	config_get length "$section" "${option}_LENGTH"
	while [ $index -le "$length" ]; do
		config_get value "$section" "${option}_ITEM$index"
		"$function" "$value" "$@"
		index=$((index + 1))
	done
}

network_get_device() {
	local pair
	for pair in $NETWORKS; do
		[ "${pair%%=*}" = "$2" ] || continue
		eval "$1=\${pair#*=}"
		return 0
	done
	return 1
}

procd_open_instance() { command=; }
procd_set_param() {
	[ "$1" != command ] || procd_append_param "$@"
}
procd_append_param() {
	shift
	for word; do
		command="$command '$word'"
	done
}
procd_close_instance() { echo "$command"; }
procd_add_reload_trigger() { echo "reload on $*"; }
procd_add_raw_trigger() { echo "event $1: $3 $4"; }
